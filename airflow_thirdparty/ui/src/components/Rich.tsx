import { Fragment, type ReactNode } from "react";

import { type Key, parts } from "../words/words";

/** A text in which something else than text takes the place of some values. */
export const Rich = ({ text, values }: { text: Key; values: Record<string, ReactNode> }) => (
  <>
    {parts(text).map((part, index) => (
      <Fragment key={index}>{index % 2 === 0 ? part : values[part]}</Fragment>
    ))}
  </>
);
