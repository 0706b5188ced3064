/** A part of the dictionary, as `../parts.json` divides it: the build takes it out. */
declare module "*?part=tabs" {
  const words: import("./words").Words;
  export default words;
}

declare module "*?part=administration" {
  const words: import("./words").Words;
  export default words;
}
