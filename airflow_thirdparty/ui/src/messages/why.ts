/** The explanation behind "Why?", as the server sends it: one text. */

export interface Paragraph {
  heading: string | null;
  text: string;
}

/** Paragraphs are apart by blank lines; where one has several lines, the first is its heading. */
export const paragraphs = (why: string): Paragraph[] =>
  why
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.trim().split("\n"))
    .filter(([first]) => first)
    .map(([first = "", ...rest]) =>
      rest.length === 0 ? { heading: null, text: first } : { heading: first, text: rest.join(" ") },
    );
