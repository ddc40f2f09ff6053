/** The frame that all reports share: one HTML file that needs nothing beside itself. */
import { PAGE_STYLE } from './page-style.ts';
import { escape } from './svg.ts';

/** One picture with what belongs to it. */
export interface Figure {
  readonly title: string;
  /** What is shown and how it was measured, one sentence or two. */
  readonly caption: string;
  readonly legend: readonly { readonly className: string; readonly text: string }[];
  readonly svg: string;
}

export interface Card {
  readonly value: string;
  readonly label: string;
  /** What to compare with, or how to read it. */
  readonly note: string;
}

/** @param body HTML */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}

export function cardsOf(cards: readonly Card[]): string {
  const card = ({ value, label, note }: Card): string => `<div class="card"><b>${escape(value)}</b><span>${escape(label)}</span><small>${escape(note)}</small></div>`;
  return `<section class="cards">${cards.map(card).join('')}</section>`;
}

export function figurePanel({ title, caption, legend, svg }: Figure): string {
  const keys = legend.map(({ className, text }) => `<span class="key"><i class="${className}"></i>${escape(text)}</span>`).join('');
  return `<figure class="panel"><h2>${escape(title)}</h2><div class="legend">${keys}</div><div class="scroll">${svg}</div><figcaption class="caption">${escape(caption)}</figcaption></figure>`;
}

export function factList(title: string, facts: readonly (readonly [name: string, text: string])[]): string {
  return `<section class="panel"><h2>${escape(title)}</h2><dl>${facts.map(([name, text]) => `<dt>${escape(name)}</dt><dd>${escape(text)}</dd>`).join('')}</dl></section>`;
}
