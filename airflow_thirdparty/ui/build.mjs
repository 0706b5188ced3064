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
 * One self-contained script.
 * @param {string} entry source file
 * @param {string} file name below dist/
 * @param {Record<string, string>} globals modules that the page already has
 */
const script = (entry, file, globals) =>
  build({
    root,
    configFile: false,
    logLevel: "warn",
    publicDir: false,
    define: { "process.env.NODE_ENV": '"production"', __LANGUAGES__: JSON.stringify(languages) },
    build: {
      outDir: dist,
      emptyOutDir: false,
      target: "es2022",
      chunkSizeWarningLimit: 1_000,
      lib: { entry: `${root}${entry}`, formats: ["iife"], name: "_", fileName: () => file },
      rolldownOptions: {
        external: Object.keys(globals),
        output: { globals },
        // Libraries mark modules for React's servers, which has no meaning here.
        onLog: (level, log, next) => (log.code === "MODULE_LEVEL_DIRECTIVE" ? undefined : next(level, log)),
      },
    },
  });

await cp(`${root}public`, dist, { recursive: true });
for (const name of ["en", ...languages]) {
  // Without the white space that is there for people.
  const words = JSON.parse(await readFile(`${WORDS}/${name}.json`, "utf8"));
  await mkdir(`${dist}/words`, { recursive: true });
  await writeFile(`${dist}/words/${name}.json`, JSON.stringify(words));
}
await script("src/entrypoints/airflow.tsx", "main.umd.js", HOST);
await script("src/entrypoints/standalone.tsx", "page.js", {});

// Addresses carry the version of what they lead to, so that no browser keeps an old one after an upgrade.
const hash = createHash("sha256");
for (const name of ["main.umd.js", "page.js", "page.css", "theme.js", "callback.js", "callback.css", ...languages.map((name) => `words/${name}.json`)]) {
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
