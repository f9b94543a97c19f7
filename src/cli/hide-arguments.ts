// Takes secrets out of what `ps` shows. They are still there until this runs, some tenths of a second: a file or a variable is better.

/** Flags whose values are secrets, alone or in a bundle, and URLs with a password. */
const SECRETS = /^(?:--(?:header|user|password|cookie)(?:=|$)|-[a-zA-Z]*[Hub])|:\/\/[^/?#]*@/

/** Shows the process as `NAME COMMAND` alone when its arguments may hold a secret. */
export function hideArguments(name: string, args: readonly string[]): void {
  if (args.some(arg => SECRETS.test(arg))) process.title = `${name} ${args[0]}`
}
