// A file system without hard links and permissions, as FAT, shares and many of FUSE are: libc is told to refuse them.
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const SHIM = `
#include <errno.h>
int link(const char *a, const char *b) { errno = EPERM; return -1; }
int linkat(int a, const char *b, int c, const char *d, int e) { errno = EPERM; return -1; }
int chmod(const char *a, unsigned b) { errno = ENOTSUP; return -1; }
int fchmod(int a, unsigned b) { errno = ENOTSUP; return -1; }
`

/** Builds it in `dir`; resolves to the path for LD_PRELOAD, or to undefined, said loudly, where there is no compiler. */
export async function noLinks(dir: string): Promise<string | undefined> {
  const source = join(dir, 'no-links.c')
  await writeFile(source, SHIM)
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-w', '-o', join(dir, 'no-links.so'), source], { stdio: 'pipe' })
    return join(dir, 'no-links.so')
  } catch {
    console.warn('SKIPPED: no C compiler (cc) to build a file system without hard links')
    return undefined
  }
}
