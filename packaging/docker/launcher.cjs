#!/usr/lib/dragonfly/node_modules/node/bin/node
// dragonfly in the container image, which has no shell for the launchers of bin/: for `docker exec` and health checks.
'use strict'
process.env.DRAGONFLY_NAME = 'dragonfly'
process.argv.splice(1, 1, '/usr/lib/dragonfly/bin/start.cjs', '/usr/lib/dragonfly/dist/cli/main.cjs')
require('/usr/lib/dragonfly/bin/start.cjs')
