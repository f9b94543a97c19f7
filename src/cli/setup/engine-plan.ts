// Which plan an engine has.
import { UsageError } from '../errors.ts'
import type { Engine } from '../gateway-command.ts'
import { planContainerd } from './containerd.ts'
import { planDocker } from './docker.ts'
import type { EnginePlan, SetupRequest } from './plan.ts'
import { planRegistries } from './registries.ts'

/** Reads the engine's files. Rejects with a UsageError when they cannot be understood. */
export async function planOf(engine: Engine, request: SetupRequest): Promise<EnginePlan> {
  if (request.proxy && engine !== 'docker')
    throw new UsageError('--proxy is for docker: the other engines have mirrors for every registry')
  if (engine === 'containerd') return await planContainerd(request)
  if (engine === 'docker') return await planDocker(request)
  return await planRegistries(request, engine)
}
