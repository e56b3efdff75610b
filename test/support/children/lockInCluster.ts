// Two workers of a cluster lock the same file; prints what happened to each, one line a worker.
import cluster from 'node:cluster'
import { lockFile } from '../../../lib/files/lockFile.ts'

if (cluster.isPrimary) {
  const workers = [cluster.fork(), cluster.fork()]
  let reports = 0
  for (const worker of workers) {
    worker.on('message', (message: string) => {
      process.stdout.write(`${message}\n`)
      reports += 1
      if (reports === workers.length) for (const one of workers) one.kill()
    })
  }
} else {
  const report = (message: string) => process.send?.(message)
  // The lock is held until the other worker has tried.
  setInterval(() => {}, 1_000)
  lockFile(process.argv[2] ?? '', () => new Error('locked')).then(
    () => report('got it'),
    error => report((error as Error).message),
  )
}
