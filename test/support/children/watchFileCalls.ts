import fs, { type FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

/** A call that changes a file: a moment at which the death of a process matters. */
export interface FileCall {
  what: 'open' | 'write' | 'sync' | 'truncate' | 'rename' | 'remove'
  /** The path; for a rename, the new one. */
  path: string
  /** The bytes of a write. */
  bytes?: Buffer
  /** The descriptor of the open file. */
  fd?: number
}

/** Calls `before` and `after` around every call of this process that changes a file. */
export async function watchFileCalls(
  before: (call: FileCall) => void,
  after: (call: FileCall) => void = () => {},
): Promise<void> {
  const paths = new WeakMap<FileHandle, string>()
  const watch = <T>(call: FileCall, make: () => Promise<T>): Promise<T> => {
    before(call)
    return make().then(made => {
      after(call)
      return made
    })
  }

  const { open, rename, rm } = fs
  // Any handle gives access to the prototype that all handles share.
  const some = await open(process.execPath)
  const handles = Object.getPrototypeOf(some) as FileHandle
  await some.close()

  fs.open = (path, ...rest) =>
    watch({ what: 'open', path: String(path) }, async () => {
      const handle = await open(path, ...rest)
      paths.set(handle, String(path))
      return handle
    })
  fs.rename = (from, to) => watch({ what: 'rename', path: String(to) }, () => rename(from, to))
  fs.rm = (path, options) => watch({ what: 'remove', path: String(path) }, () => rm(path, options))

  for (const [name, what] of [
    ['write', 'write'],
    ['writeFile', 'write'],
    ['sync', 'sync'],
    ['truncate', 'truncate'],
  ] as const) {
    const made = handles[name] as (...given: unknown[]) => Promise<unknown>
    Object.assign(handles, {
      [name](this: FileHandle, ...given: unknown[]) {
        const call: FileCall = { what, path: paths.get(this) ?? '', fd: this.fd }
        if (what === 'write') call.bytes = bytesOf(given)
        return watch(call, () => made.apply(this, given))
      },
    })
  }
  syncBuiltinESMExports()
}

function bytesOf([data, from, length]: unknown[]): Buffer {
  if (typeof data === 'string') return Buffer.from(data)
  const bytes = data as Buffer
  return typeof from === 'number' ? bytes.subarray(from, from + Number(length)) : bytes
}
