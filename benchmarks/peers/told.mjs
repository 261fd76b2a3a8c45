// What a peer is told on the first line of its input, and who may ask it: whoever brings a token
// signed with the key that it was told. A token that was checked once is remembered until it expires.
import { createInterface } from 'node:readline'
import { createLocalJWKSet, jwtVerify } from 'jose'

const lines = createInterface({ input: process.stdin })
lines.on('close', () => process.exit(0))
export const told = JSON.parse(await new Promise((resolve) => lines.once('line', resolve)))
export const origin = `http://127.0.0.1:${told.sources}`

const keys = createLocalJWKSet(told.jwks)
const goodUntil = new Map()

// Returns when the `Authorization` header is good, at once where it is known; rejects otherwise.
export function checked (authorization) {
  if (goodUntil.get(authorization) > Date.now()) return
  return check(authorization)
}

async function check (authorization) {
  const { payload } = await jwtVerify(authorization.replace(/^Bearer /, ''), keys, {
    issuer: told.issuer,
    audience: told.audience,
    algorithms: ['Ed25519']
  })
  goodUntil.set(authorization, payload.exp * 1000)
}

export function listening (server) {
  console.log(JSON.stringify({ port: server.address().port, path: '/graphql' }))
}

export const departments = ['civil_affairs', 'social_security', 'health', 'education', 'disability']
