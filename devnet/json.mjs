// JSON whose integers stay exact: u64 values are bare numbers on the wire and must not pass through a double.

const longInteger = /\d{16}/;
const stringOrLongInteger = /"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;
const mark = '\u0000integer:';

export function parseJson(text) {
  if (!longInteger.test(text)) return JSON.parse(text);
  const quoted = text.replace(stringOrLongInteger, (hit) => (hit[0] === '"' ? hit : `"\\u0000integer:${hit}"`));
  return JSON.parse(quoted, (_key, value) => {
    if (typeof value !== 'string' || !value.startsWith(mark)) return value;
    const integer = BigInt(value.slice(mark.length));
    return integer >= -(2n ** 53n) && integer <= 2n ** 53n ? Number(integer) : integer;
  });
}

export function stringifyJson(value) {
  if (value === null || value === undefined) return 'null';
  switch (typeof value) {
    case 'bigint':
      return value.toString();
    case 'object': {
      if (Array.isArray(value)) return `[${value.map(stringifyJson).join(',')}]`;
      if (value instanceof Map) return stringifyJson(Object.fromEntries(value));
      const parts = [];
      for (const [k, v] of Object.entries(value)) if (v !== undefined)
        parts.push(`${JSON.stringify(k)}:${stringifyJson(v)}`);
      return `{${parts.join(',')}}`;
    }
    default:
      return JSON.stringify(value);
  }
}
