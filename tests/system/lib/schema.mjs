// Holds every answer of the API against schema/trigger-v2.schema.json.
import Ajv from 'ajv';
import { readFileSync } from 'node:fs';

const schema = JSON.parse(readFileSync(new URL('../schema/trigger-v2.schema.json', import.meta.url), 'utf8'));
const ajv = new Ajv({ allErrors: true, strict: false });
ajv.addSchema(schema);
/** Refusals that any call may answer with. */
const everywhere = { 413: 'error', 429: 'error', 503: 'error' };

function callOf(call) {
  return call.replace(/^GET \/orders\/price\/by-key\/.+$/, 'GET /orders/price/by-key/:key').replace(
    /^GET \/orders\/price\/(?!by-key).+$/, 'GET /orders/price/:id');
}

/** Throws if the answer is not one that is documented for the call. `call` is such as "POST /orders/price". */
export function checkAnswer(call, status, body) {
  const answers = schema.answers[callOf(call)];
  const name = answers?.[status] ?? everywhere[status];
  if (!name) throw new Error(`${call} answered ${status}, which is not documented: ${JSON.stringify(body)}`);
  const validate = ajv.getSchema(`landfall-trigger-v2#/definitions/${name}`);
  if (!validate(body))
    throw new Error(
    `${call} answered ${status} with a body that is no ${name}: ${ajv.errorsText(validate.errors)}: ${JSON.stringify(body)}`);
}
