// Apollo Gateway over five subgraphs, set up as Apollo's documentation does: its standalone server, its own
// fetcher, NODE_ENV=production. A token is checked; no access, no log.
import { ApolloGateway, IntrospectAndCompose } from '@apollo/gateway'
import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import { checked, departments, origin } from './told.mjs'

const gateway = new ApolloGateway({
  supergraphSdl: new IntrospectAndCompose({
    subgraphs: departments.map((name) => ({ name, url: `${origin}/${name}/graphql` }))
  })
})
const { url } = await startStandaloneServer(new ApolloServer({ gateway }), {
  listen: { port: 0, host: '127.0.0.1' },
  context: async ({ req }) => {
    await checked(req.headers.authorization)
    return {}
  }
})
console.log(JSON.stringify({ port: Number(new URL(url).port), path: '/' }))
