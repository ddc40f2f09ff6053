const EXTENSIONS = ['.json', '.text', '.html', '.http'];

/** The URL under which an action or a trigger of the caller's namespace is invoked. */
function main({ path, web, ext, trigger }) {
  const isWeb = web === true;
  if (isWeb && trigger) return { error: 'triggers are not allowed for web actions.' };
  if (isWeb && ext && !EXTENSIONS.includes(ext)) return { error: `extension for web action must be one of ${JSON.stringify(EXTENSIONS)}.` };
  if (trigger && path && path.includes('/')) return { error: 'triggers are not allowed in packages.' };
  const api = `${process.env.__OW_API_HOST}/api/v1`;
  const namespace = process.env.__OW_NAMESPACE;
  const base = isWeb ? `${api}/web/${namespace}` : `${api}/namespaces/${namespace}/${trigger === true ? 'triggers' : 'actions'}`;
  if (!path) return { url: base };
  return { url: isWeb ? `${base}/${path.includes('/') ? path : `default/${path}`}${ext || '.json'}` : `${base}/${path}` };
}
