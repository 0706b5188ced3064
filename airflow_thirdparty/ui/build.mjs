/** Builds everything the browser gets, into dist/: `node build.mjs`. */

import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { build } from "vite";

const root = fileURLToPath(new URL(".", import.meta.url));
/** Built aside and moved when whole, so that a running server is not left without files for long. */
const dist = `${root}node_modules/.dist-${process.pid}`;

/** What Airflow's own page offers its plugins, so that we neither ship nor load it twice. */
const HOST = {
  react: "React",
  "react-dom": "ReactDOM",
  "react/jsx-runtime": "ReactJSXRuntime",
  "react-router-dom": "ReactRouterDOM",
  "@chakra-ui/react": "ChakraUI",
  "@emotion/react": "EmotionReact",
};

/** The dictionaries beside English, which stands in the scripts: a file is all that a language takes. */
const WORDS = `${root}src/words`;
const languages = (await readdir(WORDS))
  .filter((name) => name.endsWith(".json") && name !== "en.json")
  .map((name) => name.slice(0, -".json".length));

/**
 * Takes modules from globals of the page instead of bundling them.
 * @param {Record<string, string>} globals name of the global by module
 * @returns {import("vite").Plugin}
 */
const fromHost = (globals) => ({
  name: "from-host",
  enforce: "pre",
  resolveId: (id) => (id in globals ? `\0host:${id}` : null),
  async load(id) {
    if (!id.startsWith("\0host:")) {
      return null;
    }
    const name = id.slice("\0host:".length);
    const exported = Object.keys(await import(name)).filter((key) => /^[A-Za-z_$][\w$]*$/.test(key) && key !== "default");
    const lines = exported.map((key) => `export const ${key} = host.${key};`);
    const code = [`const host = globalThis.${globals[name]};`, "export default host;", ...lines].join("\n");
    return { code, moduleSideEffects: false };
  },
});

/**
 * Which words stand in which part of the script, by how their names begin; all others are those of the first view.
 * @type {Record<string, string[]>}
 */
const PARTS = JSON.parse(await readFile(`${root}src/parts.json`, "utf8"));

/**
 * Gives each part of the script its own English words: `en.json` is the first view's, `en.json?part=…` a later one's.
 * @returns {import("vite").Plugin}
 */
const wordsInParts = () => ({
  name: "words-in-parts",
  enforce: "pre",
  resolveId(id) {
    const [, part] = /\/en\.json(?:\?part=(\w+))?$/.exec(id) ?? [null, null];
    return id.endsWith("/en.json") || part ? `\0words:${part ?? ""}` : null;
  },
  async load(id) {
    if (!id.startsWith("\0words:")) {
      return null;
    }
    const part = id.slice("\0words:".length);
    const all = JSON.parse(await readFile(`${WORDS}/en.json`, "utf8"));
    /** @param {string} key */
    const partOf = (key) => Object.keys(PARTS).find((name) => PARTS[name]?.some((start) => key.startsWith(start))) ?? "";
    const wanted = Object.fromEntries(Object.entries(all).filter(([key]) => partOf(key) === part));
    return { code: `export default ${JSON.stringify(wanted)};`, moduleSideEffects: false };
  },
});

/**
 * Parts are loaded by the browser alone: what Vite puts around that is for style sheets of theirs, of which there are none.
 * @returns {import("vite").Plugin}
 */
const plainImports = () => ({
  name: "plain-imports",
  enforce: "pre",
  load: (id) =>
    id.startsWith("\0vite/preload-helper")
      ? { code: "export const __vitePreload = (load) => load();", moduleSideEffects: false }
      : null,
});

/** Services' logos, drawn in one dark colour that is turned light in the dark, or in one that suits both. */
const LOGOS = `${root}public/logos`;
const logos = Object.fromEntries(
  await Promise.all(
    (await readdir(LOGOS))
      .filter((name) => name.endsWith(".svg"))
      .sort()
      .map(async (name) => [
        name.slice(0, -".svg".length),
        (await readFile(`${LOGOS}/${name}`, "utf8")).includes('fill="#') ? "coloured" : "plain",
      ]),
  ),
);

/** The page by itself brings Preact in React's place, which is less than a tenth of it; Airflow's pages have React. */
const PREACT = [
  { find: /^react$/, replacement: "preact/compat" },
  { find: /^react-dom$/, replacement: "preact/compat" },
  { find: /^react-dom\/client$/, replacement: "preact/compat/client" },
  { find: /^react\/jsx-runtime$/, replacement: "preact/jsx-runtime" },
];

/**
 * A script of modules; what its first view does not need is loaded when it is asked for.
 * @param {string} entry source file
 * @param {string} name below dist/, without its ending
 * @param {Record<string, string>} globals modules that the page already has
 * @param {{ find: RegExp, replacement: string }[]} alias modules that stand in for others
 */
const script = (entry, name, globals, alias) =>
  build({
    root,
    base: "./",
    configFile: false,
    logLevel: "warn",
    publicDir: false,
    define: {
      "process.env.NODE_ENV": '"production"',
      __LANGUAGES__: JSON.stringify(languages),
      __LOGOS__: JSON.stringify(logos),
    },
    resolve: { alias },
    plugins: [fromHost(globals), wordsInParts(), plainImports()],
    build: {
      outDir: dist,
      emptyOutDir: false,
      target: "es2022",
      modulePreload: false,
      // Of all libraries whose code is in it.
      license: { fileName: `licenses-${name}.md` },
      chunkSizeWarningLimit: 1_000,
      rolldownOptions: {
        input: { [name]: `${root}${entry}` },
        treeshake: { propertyReadSideEffects: false },
        output: {
          format: "es",
          entryFileNames: "[name].js",
          chunkFileNames: "chunks/[name]-[hash].js",
        },
        // Libraries mark modules for React's servers, which has no meaning here.
        onLog: (level, log, next) => (log.code === "MODULE_LEVEL_DIRECTIVE" ? undefined : next(level, log)),
      },
    },
  });

await cp(`${root}public`, dist, { recursive: true });
await mkdir(`${dist}/words`, { recursive: true });
for (const name of ["en", ...languages]) {
  // Without the white space that is there for people.
  const words = JSON.parse(await readFile(`${WORDS}/${name}.json`, "utf8"));
  await writeFile(`${dist}/words/${name}.json`, JSON.stringify(words));
}
await script("src/entrypoints/main.ts", "main", HOST, []);
await script("src/entrypoints/page.ts", "page", {}, PREACT);

for (const name of await readdir(`${dist}/chunks`)) {
  if (/["'/](?:main|page)\.js["']/.test(await readFile(`${dist}/chunks/${name}`, "utf8"))) {
    throw new Error(`${name} would load its entry a second time`);
  }
}

// Addresses carry the version of what they lead to, so that no browser keeps an old one after an upgrade.
const hash = createHash("sha256");
const versioned = ["main.js", "page.js", "page.css", "theme.js", "callback.js", "callback.css"];
for (const name of [...versioned, ...languages.map((language) => `words/${language}.json`)]) {
  hash.update(await readFile(`${dist}/${name}`));
}
const version = hash.digest("hex").slice(0, 12);
for (const name of ["index.html", "callback.html"]) {
  const text = await readFile(`${dist}/${name}`, "utf8");
  await writeFile(`${dist}/${name}`, text.replaceAll("__VERSION__", version));
}
await writeFile(`${dist}/version.txt`, `${version}\n`);

await rm(`${root}dist`, { recursive: true, force: true });
await rename(dist, `${root}dist`);
