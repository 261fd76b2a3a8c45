// mercurius with its JIT and its loaders over undici: a token is checked; no access, no log.
import Fastify from 'fastify'
import mercurius from 'mercurius'
import { Pool } from 'undici'
import { checked, listening, origin, told } from './told.mjs'

const { words } = told
const pool = new Pool(origin, { connections: 64 })

async function found (department, table, by, fields, ids) {
  const { body } = await pool.request({
    method: 'POST',
    path: encodeURI(`/${department}/v1/${table}/query`),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ by, ids, fields, after: null })
  })
  const page = await body.json()
  const rows = new Map(ids.map((id) => [id, []]))
  for (const row of page.rows) rows.get(row[by]).push(row)
  return ids.map((id) => rows.get(id))
}

const compact = (text) => `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`
const answer = (records) => ({ state: records.length ? 'FOUND' : 'NO_RECORD', records })

const schema = `
  type Query { household(number: ID!): Household households(numbers: [ID!]!): HouseholdConnection }
  type HouseholdConnection { edges: [HouseholdEdge!]! }
  type HouseholdEdge { node: Household }
  type Household { number: ID! members: [Member!]! }
  type Member {
    idNumber: String! relation: String joinedOn: String
    insurance: InsuranceAnswer! settlement: SettlementAnswer! enrolment: EnrolmentAnswer! certificate: CertificateAnswer!
  }
  type InsuranceAnswer { state: String! records: [Insurance!]! }
  type SettlementAnswer { state: String! records: [Settlement!]! }
  type EnrolmentAnswer { state: String! records: [Enrolment!]! }
  type CertificateAnswer { state: String! records: [Certificate!]! }
  type Insurance { month: String base: String status: String }
  type Settlement { dischargedOn: String total: String selfPay: String }
  type Enrolment { stage: String since: String }
  type Certificate { grade: Int category: String }
`

const files = (numbers) => found('civil_affairs', 'MZ_JTDA', 'JTBH', ['JTBH'], numbers)
const household = (rows) => (rows.length ? { number: rows[0].JTBH } : null)

const resolvers = {
  Query: {
    household: async (_, { number }) => household((await files([number]))[0]),
    households: async (_, { numbers }) => ({
      edges: (await files(numbers)).map((rows) => ({ node: household(rows) }))
    })
  }
}

function loader (department, table, by, fields, shown) {
  return async (queries) =>
    (await found(department, table, by, fields, queries.map(({ obj }) => obj.idNumber))).map((rows) =>
      answer(rows.map(shown))
    )
}

const loaders = {
  Household: {
    members: async (queries) => {
      const numbers = queries.map(({ obj }) => obj.number)
      const lists = await found('civil_affairs', 'MZ_JTCY', 'JTBH', ['JTBH', 'SFZH', 'YHZGX', 'JRRQ'], numbers)
      return lists.map((rows) =>
        rows
          .sort((a, b) => (a.YHZGX < b.YHZGX ? -1 : a.YHZGX > b.YHZGX ? 1 : a.SFZH < b.SFZH ? -1 : 1))
          .map((row) => ({
            idNumber: row.SFZH,
            relation: words.relation[row.YHZGX],
            joinedOn: compact(row.JRRQ)
          }))
      )
    }
  },
  Member: {
    insurance: loader('social_security', 'ac43', 'aac147', ['aac147', 'aae003', 'aae180', 'aac031'], (row) => ({
      month: `${row.aae003.slice(0, 4)}-${row.aae003.slice(4)}`,
      base: row.aae180,
      status: words.status[row.aac031]
    })),
    settlement: loader('health', 'setl_d', 'certno', ['certno', 'setl_time', 'medfee_sumamt', 'psn_part_amt'], (row) => ({
      dischargedOn: row.setl_time.slice(0, 10),
      total: row.medfee_sumamt,
      selfPay: row.psn_part_amt
    })),
    enrolment: loader('education', 'xueji', '身份证号', ['身份证号', '学段', '入学日期'], (row) => ({
      stage: words.stage[row['学段']],
      since: row['入学日期'].split('/').map((part) => part.padStart(2, '0')).join('-')
    })),
    certificate: loader('disability', 'cjr_zhengjian', 'shenfenzheng', ['shenfenzheng', 'dengji', 'leibie'], (row) => ({
      grade: row.dengji,
      category: words.category[row.leibie]
    }))
  }
}

const app = Fastify()
app.addHook('onRequest', async (request) => checked(request.headers.authorization))
app.register(mercurius, { schema, resolvers, loaders, jit: 1 })
await app.listen({ port: 0, host: '127.0.0.1' })
listening(app.server)
