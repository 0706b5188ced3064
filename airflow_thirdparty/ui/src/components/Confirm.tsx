import { Suspense } from "react";

import type { ConfirmProps } from "./ConfirmDialog";
import { later } from "./later";

/** Loaded with the first question: the first view asks none. */
const Dialog = later(() => import("./ConfirmDialog").then((module) => module.ConfirmDialog));

/** A question before something that matters.  The safe answer has the focus. */
export const Confirm = ({ open, ...props }: ConfirmProps & { open: boolean }) =>
  open ? (
    <Suspense fallback={null}>
      <Dialog {...props} />
    </Suspense>
  ) : null;
