// What tests of container engines stand on: a real registry behind a proxy that counts, an image in it, and the engines that are started.
import { RegistryLab } from '../gateway/auth/registry-lab.ts'
import { FaultProxy } from '../gateway/registry/fault-proxy.ts'
import { type EngineImage, engineImage } from './engine-image.ts'
import type { Engine } from './engine-sessions.ts'
import { Sessions } from './engine-setup.ts'
import { Lab } from './lab.ts'

interface GroundOptions {
  /** Bytes of the image's layers. */
  layers: readonly number[]
  /** More of the registry's configuration. Default: it is open. */
  config?: (registry: RegistryLab) => Promise<string>
}

export class EngineGround {
  readonly lab: Lab
  readonly registry: RegistryLab
  readonly image: EngineImage
  readonly proxy: FaultProxy
  readonly sessions: Sessions

  private constructor(lab: Lab, { registry, image, proxy }: { registry: RegistryLab; image: EngineImage; proxy: FaultProxy }) {
    this.lab = lab
    this.registry = registry
    this.image = image
    this.proxy = proxy
    this.sessions = new Sessions(lab)
  }

  static async open({ layers, config = async () => '' }: GroundOptions): Promise<EngineGround> {
    const lab = await Lab.open()
    const registry = await RegistryLab.open()
    const image = await engineImage(registry, lab, [...layers])
    const proxy = await FaultProxy.before(await registry.registry(await config(registry)))
    return new EngineGround(lab, { registry, image, proxy })
  }

  /** After what the engines still do. */
  async close(pulls: ReadonlyMap<Engine, Promise<unknown>> | undefined): Promise<void> {
    await Promise.allSettled(pulls?.values() ?? [])
    await this.sessions.close()
    await this.lab.close()
    await this.proxy.close()
    await this.registry.close()
  }

  /** What an engine names the image by. */
  digestFor(engine: Engine): string {
    return engine === 'containerd (CRI)' ? this.image.id : this.image.digest
  }
}
