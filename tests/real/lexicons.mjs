// Reads [[name of a call, an answer to it], ...] from standard input, and says which answer its lexicon refuses.
// Runs beside node_modules/@atproto/api.
import { readFileSync } from 'node:fs'
import { lexicons } from '@atproto/api'
import { jsonToLex } from '@atproto/lexicon'

for (const [nsid, answer] of JSON.parse(readFileSync(0, 'utf8'))) {
  try {
    lexicons.assertValidXrpcOutput(nsid, jsonToLex(answer))
  } catch (error) {
    console.log(`${nsid}: ${error.message}`)
  }
}
