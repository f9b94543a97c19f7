// A client of containerd's CRI image service, as kubelet is one.
import { credentials, loadPackageDefinition, type ServiceError } from '@grpc/grpc-js'
import { fromJSON } from '@grpc/proto-loader'

const field = (id: number, type = 'string') => ({ id, type })
/** The part of runtime/v1/api.proto that pulls. */
const API = {
  nested: {
    runtime: {
      nested: {
        v1: {
          nested: {
            ImageService: { methods: { PullImage: { requestType: 'PullImageRequest', responseType: 'PullImageResponse' } } },
            ImageSpec: { fields: { image: field(1) } },
            AuthConfig: { fields: { username: field(1), password: field(2) } },
            PullImageRequest: { fields: { image: field(1, 'ImageSpec'), auth: field(2, 'AuthConfig') } },
            PullImageResponse: { fields: { imageRef: field(1) } },
          },
        },
      },
    },
  },
}

interface ImageService {
  pullImage(request: object, done: (error: ServiceError | null, answer: { imageRef: string }) => void): void
  close(): void
}

/** Resolves to the id of the image: the digest of its config. `login`: NAME:PASSWORD */
export async function criPull(socket: string, image: string, login?: string): Promise<string> {
  const { runtime } = loadPackageDefinition(fromJSON(API as never)) as never as {
    runtime: { v1: { ImageService: new (target: string, trust: unknown) => ImageService } }
  }
  const service = new runtime.v1.ImageService(`unix://${socket}`, credentials.createInsecure())
  const [username, password] = login?.split(':') ?? []
  try {
    const auth = login === undefined ? {} : { auth: { username, password } }
    return await new Promise<string>((resolve, reject) =>
      service.pullImage({ image: { image }, ...auth }, (error, answer) => (error ? reject(error) : resolve(answer.imageRef))),
    )
  } finally {
    service.close()
  }
}
