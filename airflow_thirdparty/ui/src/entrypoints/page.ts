/** What the stand-alone page loads; see `main.ts`. */

await import("./standalone");

export {};
