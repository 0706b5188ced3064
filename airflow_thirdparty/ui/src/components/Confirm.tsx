import { lazy, Suspense, useState } from "react";

import type { ConfirmProps } from "./ConfirmDialog";

/** Loaded with the first question: the first view asks none. */
const Dialog = lazy(() => import("./ConfirmDialog").then((module) => ({ default: module.ConfirmDialog })));

/** A question before something that matters.  The safe answer has the focus. */
export const Confirm = (props: ConfirmProps) => {
  const [asked, setAsked] = useState(props.open);
  if (props.open && !asked) {
    setAsked(true);
  }
  return asked ? (
    <Suspense fallback={null}>
      <Dialog {...props} />
    </Suspense>
  ) : null;
};
