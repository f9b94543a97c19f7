// Runs nginx as the origin, on its own host. Its log counts the bytes that it sent.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Participant } from './participant.ts'
import type { Host } from './topology.ts'

export const NGINX = '/usr/sbin/nginx'

export class Origin {
  readonly url: string
  readonly process: Participant
  readonly #log: string

  private constructor(url: string, process: Participant, log: string) {
    this.url = url
    this.process = process
    this.#log = log
  }

  /** Serves the files of `root`; `dir` takes its configuration and logs. Resolves once it answers. */
  static async start(host: Host, root: string, dir: string): Promise<Origin> {
    await mkdir(dir, { recursive: true })
    const conf = path.join(dir, 'conf')
    await writeFile(conf, configuration(host.ip, root, dir))
    const nginx = new Participant('nginx', host, { command: NGINX, args: ['-e', `${dir}/error.log`, '-c', conf] })
    // it writes its pid after it has bound its port
    while (!nginx.isOver && (await readFile(`${dir}/pid`, 'utf8').catch(() => '')) === '') await new Promise(setImmediate)
    if (nginx.isOver) throw new Error(`nginx ended: ${nginx.complaint}`)
    return new Origin(`http://${host.ip}`, nginx, path.join(dir, 'access.log'))
  }

  /** Bytes of bodies sent so far. nginx counts an answer when it has ended. */
  async bytes(): Promise<number> {
    return bytesLogged(await readFile(this.#log, 'utf8'))
  }

  async stop(): Promise<void> {
    await this.process.stop()
  }
}

/** The sum of a log whose lines are `METHOD STATUS BYTES`. */
export function bytesLogged(log: string): number {
  const lines = log.split('\n').filter(line => line.startsWith('GET '))
  return lines.reduce((sum, line) => sum + Number(line.split(' ')[2]), 0)
}

function configuration(ip: string, root: string, dir: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(n => `${n}_temp_path ${dir}/${n};`)
  return `user root; daemon off; worker_processes 1; pid ${dir}/pid; error_log ${dir}/error.log;
events { worker_connections 4096; }
http {
  ${temporary.join(' ')}
  log_format meter '$request_method $status $body_bytes_sent'; access_log ${dir}/access.log meter;
  sendfile on; tcp_nopush on;
  server { listen ${ip}:80; root ${root}; }
}
`
}
