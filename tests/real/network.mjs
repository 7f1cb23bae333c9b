// Bluesky's network on this machine: the directory of names, the accounts' server, the network's index of posts.
// Runs beside node_modules/@atproto/dev-env; needs DB_POSTGRES_URL and REDIS_HOST. CHAT_URL is where private messages
// are kept. Says one line of JSON once it is there, and ends on SIGTERM.
import { Secp256k1Keypair } from '@atproto/crypto'
import { TestNetwork } from '@atproto/dev-env'

const network = await TestNetwork.create({
  dbPostgresSchema: 'bsky',
  pds: { hostname: 'localhost', enableDidDocWithSession: true },
})

const key = await Secp256k1Keypair.create()
const directory = network.plc.getClient()
const chat = await directory.createDid({
  signingKey: key.did(),
  rotationKeys: [key.did()],
  handle: 'chat.test',
  pds: process.env.CHAT_URL,
  signer: key,
})
await directory.updateData(chat, key, (data) => {
  data.services['bsky_chat'] = { type: 'BskyChatService', endpoint: process.env.CHAT_URL }
  return data
})

console.log(JSON.stringify({ pds: network.pds.url, chat }))
process.on('SIGTERM', async () => {
  await network.close()
  process.exit(0)
})
