// JSON over HTTP into a prepared upsert with a pool: POST /report, answered after the commit. Prints its port.
'use strict'

const fastify = require('fastify')({ logger: false })
const { Pool } = require('pg')

const pool = new Pool({ max: 10 })
const period = process.env.PERIOD

const figure = {
  type: 'object',
  required: ['indicator', 'value', 'denominator'],
  properties: { indicator: { type: 'integer' }, value: { type: 'integer' }, denominator: { type: 'integer' } }
}
const report = {
  type: 'object',
  required: ['district', 'school', 'figures'],
  properties: {
    district: { type: 'integer' },
    school: { type: 'integer' },
    figures: { type: 'array', minItems: 1, maxItems: 500, items: figure }
  }
}

const upsert = {
  name: 'upsert',
  text: `INSERT INTO yuebao.figure (district, period, school, indicator, form, value, denominator)
         SELECT $1, $2, $3, f.indicator, 1, f.value, f.denominator
         FROM unnest($4::smallint[], $5::bigint[], $6::bigint[]) AS f (indicator, value, denominator)
         ON CONFLICT (district, period, school, indicator)
         DO UPDATE SET value = excluded.value, denominator = excluded.denominator`
}

fastify.post('/report', { schema: { body: report } }, async (request) => {
  const { district, school, figures } = request.body
  const values = [district, period, school, figures.map((f) => f.indicator), figures.map((f) => f.value),
    figures.map((f) => f.denominator)]
  const done = await pool.query({ ...upsert, values })
  return { stored: done.rowCount }
})

fastify.listen({ host: '127.0.0.1', port: 0 }).then(() => console.log(fastify.server.address().port))
