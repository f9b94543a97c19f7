import { simulate } from './src/sim/run.ts'
const U=12500
for (const [peers, admitMs] of [[100,25],[400,25],[1200,25]] as const) {
  const t=performance.now()
  const r = simulate({ seed: 1, peers, pieces: 64, pieceLength: 1<<20, peerLine:{up:U,down:U}, seedLine:{up:2*U,down:2*U}, originRate: U, sources:{admitMs}, limitMs: 600_000 })
  console.log(peers, admitMs, 'copies', (r.originBytes/(64<<20)).toFixed(2), 'done', r.doneAt.filter(x=>x!==undefined).length, 'last', r.lastMs, 'fail', r.failures.length, ((performance.now()-t)/1000).toFixed(1)+' s')
}
