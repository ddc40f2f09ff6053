/** The document as a page that needs nothing else: no scripts, no styles from elsewhere. */
import type { OpenApiDocument } from './document.ts';

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
table{border-collapse:collapse;width:100%}td{border-top:1px solid #ddd;padding:.3rem .6rem;vertical-align:top}
code{font:14px ui-monospace,monospace}.method{font-weight:600;width:5rem}h2{margin-top:2rem}
@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#181818}td{border-color:#444}a{color:#8ab4f8}}`;

export function docsPage(document: OpenApiDocument): string {
  const { title, version, description } = document.info;
  const sections = document.tags.map(({ name }) => section(document, name)).filter((html) => html !== '');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)} API</title><style>${STYLE}</style></head>
<body><h1>${escapeHtml(title)} API</h1>
<p>${prose(description)}</p>
<p>Version ${escapeHtml(version)}. The whole description, for tools: <a href="/api/v1/api-docs">OpenAPI 3.1</a>.</p>
${sections.join('\n')}
</body></html>
`;
}

function section(document: OpenApiDocument, tag: string): string {
  const rows = Object.entries(document.paths).flatMap(([path, operations]) => Object.entries(operations)
    .filter(([, { tags }]) => tags?.includes(tag))
    .map(([method, { summary }]) => `<tr><td class="method">${method.toUpperCase()}</td><td><code>${escapeHtml(path)}</code></td><td>${prose(summary ?? '')}</td></tr>`));
  return rows.length === 0 ? '' : `<h2>${escapeHtml(tag)}</h2>\n<table>${rows.join('\n')}</table>`;
}

/** Words of the document, in which code stands between backticks. */
function prose(text: string): string {
  return escapeHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
