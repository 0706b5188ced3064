/**
 * Takes services' logos from Simple Icons, as files of ours, and names them in NOTICE: `node logos.mjs <package>`,
 * where `<package>` is the unpacked npm package `simple-icons`. Not part of the build.
 *
 * `logos.json` says which logo is whose. What Simple Icons lacks, or has under a licence of its own, is left out: the
 * page shows initials there.
 */

import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL(".", import.meta.url));
const target = `${root}public/logos`;
const [from] = process.argv.slice(2);
if (from === undefined) {
  throw new Error("Where is the package simple-icons?");
}

/** What stands behind a logo: our page's, light and dark. */
const BEHIND = ["#ffffff", "#0c1220"];
/** What parts of pictures need (WCAG 2.2, success criterion 1.4.11). */
const CONTRAST = 3;

/** @param {string} colour */
const luminance = (colour) => {
  const [r = 0, g = 0, b = 0] = [1, 3, 5]
    .map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};

/**
 * @param {string} one
 * @param {string} other
 */
const contrast = (one, other) => {
  const [less = 0, more = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (more + 0.05) / (less + 0.05);
};

/** @type {{ version: string }} */
const { version } = JSON.parse(await readFile(`${from}/package.json`, "utf8"));
/** @type {{ title: string, hex: string, source: string, license?: unknown }[]} */
const entries = JSON.parse(await readFile(`${from}/data/simple-icons.json`, "utf8"));
/** @type {Record<string, string>} */
const slugs = JSON.parse(await readFile(`${root}logos.json`, "utf8"));

await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
const taken = [];
const lacking = [];
for (const [icon, slug] of Object.entries(slugs)) {
  const svg = await readFile(`${from}/icons/${slug}.svg`, "utf8").catch(() => null);
  const title = svg === null ? null : (/<title>(.*?)<\/title>/.exec(svg)?.[1] ?? "").replaceAll("&amp;", "&");
  const entry = entries.find((each) => each.title === title);
  const path = svg === null ? null : /<path d="([^"]+)"/.exec(svg)?.[1];
  if (!entry || !path || entry.license !== undefined) {
    lacking.push(icon);
    continue;
  }
  const colour = `#${entry.hex.toLowerCase()}`;
  const fill = BEHIND.every((behind) => contrast(colour, behind) >= CONTRAST) ? ` fill="${colour}"` : "";
  await writeFile(
    `${target}/${icon}.svg`,
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path${fill} d="${path}"/></svg>\n`,
  );
  taken.push({ icon, title: entry.title, source: entry.source });
}

const rows = taken.map(({ icon, title, source }) => `  ${icon}.svg: ${title}, after ${source}`);
await writeFile(
  `${root}../../NOTICE`,
  `airflow-thirdparty

This product includes drawings of services' logos, in airflow_thirdparty/ui/dist/logos, taken from
Simple Icons ${version} (https://simpleicons.org), which dedicates them to the public domain (CC0 1.0,
https://creativecommons.org/publicdomain/zero/1.0/). The logos are trademarks of their owners; they stand for the
services alone, and say nothing about who endorses whom.

The scripts in airflow_thirdparty/ui/dist hold code of libraries, whose licences stand beside them in licenses-main.md
and licenses-page.md.

${rows.join("\n")}
`,
);
console.log(`${taken.length} logos of Simple Icons ${version}; initials for ${lacking.join(", ")}`);
