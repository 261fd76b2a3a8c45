// Apollo Gateway over five subgraphs, kinder than it is deployed: without Apollo's HTTP layer and with undici for its
// fetcher. A token is checked; no access, no log.
import { createServer } from 'node:http'
import { ApolloGateway, IntrospectAndCompose, RemoteGraphQLDataSource } from '@apollo/gateway'
import { ApolloServer, HeaderMap } from '@apollo/server'
import { Pool } from 'undici'
import { checked, departments, listening, origin } from './told.mjs'

const pool = new Pool(origin, { connections: 64 })

async function fetcher (url, { method, headers, body }) {
  const answer = await pool.request({ method, path: new URL(url).pathname, headers: Object.fromEntries(new Headers(headers)), body })
  const text = await answer.body.text()
  return new Response(text, { status: answer.statusCode, headers: { 'content-type': 'application/json' } })
}

const gateway = new ApolloGateway({
  supergraphSdl: new IntrospectAndCompose({
    subgraphs: departments.map((name) => ({ name, url: `${origin}/${name}/graphql` }))
  }),
  buildService: ({ url }) => new RemoteGraphQLDataSource({ url, fetcher })
})
const server = new ApolloServer({ gateway })
await server.start()

const http = createServer(async (request, response) => {
  await checked(request.headers.authorization)
  const pieces = []
  for await (const piece of request) pieces.push(piece)
  const headers = new HeaderMap()
  for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value))
  const answer = await server.executeHTTPGraphQLRequest({
    httpGraphQLRequest: { method: request.method, headers, search: '', body: JSON.parse(Buffer.concat(pieces).toString()) },
    context: async () => ({})
  })
  for (const [name, value] of answer.headers) response.setHeader(name, value)
  response.statusCode = answer.status ?? 200
  response.end(answer.body.string)
})
http.listen(0, '127.0.0.1', () => listening(http))
