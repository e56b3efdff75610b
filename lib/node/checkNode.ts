import { refuseOldNode } from './oldNode.ts'

// Imported before everything else, so that an old Node is named before code runs that needs a newer one.
refuseOldNode(process.versions.node)
