// Hive Gateway's runtime with its Rust planner over five subgraphs: a token is checked; no access, no log.
import { createServer } from 'node:http'
import { composeServices } from '@apollo/composition'
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime'
import { unifiedGraphHandler } from '@graphql-hive/router-runtime'
import { parse } from 'graphql'
import { Pool } from 'undici'
import { checked, departments, listening, origin } from './told.mjs'

const pool = new Pool(origin, { connections: 64 })

async function subgraph (name) {
  const url = `${origin}/${name}/graphql`
  const { body } = await pool.request({ method: 'POST', path: `/${name}/graphql`, body: '{"query":"{_service{sdl}}"}' })
  return { name, url, typeDefs: parse((await body.json()).data._service.sdl) }
}

const { supergraphSdl, errors } = composeServices(await Promise.all(departments.map(subgraph)))
if (errors) throw errors[0]

const gateway = createGatewayRuntime({
  supergraph: supergraphSdl,
  unifiedGraphHandler,
  logging: false,
  graphiql: false,
  landingPage: false,
  maskedErrors: false
})
const http = createServer(async (request, response) => {
  await checked(request.headers.authorization)
  return gateway(request, response)
})
http.listen(0, '127.0.0.1', () => listening(http))
