/**
 * Whether a client takes a media type, by its `Accept` header. OpenWhisk refuses to send what was not asked for.
 * @param accept undefined or empty: everything; what cannot be read is passed over
 * @param mediaType lower case, without parameters
 */
export function accepts(accept: string | undefined, mediaType: string): boolean {
  if (accept === undefined || accept.trim() === '' || accept.trim() === '*/*') return true;
  const [type = ''] = mediaType.split('/', 1);
  let best: { specificity: number; weight: number } | undefined;
  for (const item of accept.toLowerCase().split(',')) {
    const [range = '', ...parameters] = item.split(';').map((part) => part.trim());
    if (!RANGE.test(range)) continue;
    const specificity = [`*/*`, `${type}/*`, mediaType].indexOf(range);
    // A range that is none of these still says that the client is choosy.
    best ??= { specificity: -1, weight: 0 };
    if (specificity > best.specificity) best = { specificity, weight: weightOf(parameters) };
  }
  return best === undefined || best.weight > 0;
}

const RANGE = /^(?:\*|[!#$%&'+.^_`|~0-9a-z-]+)\/(?:\*|[!#$%&'+.^_`|~0-9a-z-]+)$/;

function weightOf(parameters: readonly string[]): number {
  const text = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  const weight = text === undefined ? 1 : Number(text);
  return Number.isNaN(weight) ? 1 : weight;
}
