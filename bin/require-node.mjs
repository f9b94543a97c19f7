// The library's first import: on an old Node it fails here, with one clear line, not later with a riddle.
import { oldNode } from './node-version.mjs'

const old = oldNode()
if (old !== undefined) throw new Error(`dragonfly-p2p ${old}; run this program with a newer Node`)
