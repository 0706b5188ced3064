import { Dialog } from "@chakra-ui/react";
import { type ReactNode, useRef } from "react";

import { Button } from "./Button";
import { DialogFrame } from "./DialogFrame";
import { t } from "../words/words";

export interface ConfirmProps {
  title: string;
  children: ReactNode;
  /** Words on the button that goes ahead. */
  action: string;
  danger?: boolean;
  busy?: boolean;
  /** Id of the form that the button sends, where the dialog holds one. */
  form?: string;
  onConfirm?: () => void;
  onCancel: () => void;
}

/** A question before something that matters.  The safe answer has the focus. */
export const ConfirmDialog = ({
  title,
  children,
  action,
  danger = false,
  busy = false,
  form,
  onConfirm,
  onCancel,
}: ConfirmProps) => {
  const cancel = useRef<HTMLButtonElement>(null);
  return (
    <DialogFrame
      open
      title={title}
      role={form === undefined ? "alertdialog" : "dialog"}
      size="sm"
      {...(form === undefined ? { initialFocusEl: () => cancel.current } : {})}
      onClose={onCancel}
      footer={
        <>
          <Button ref={cancel} tone="quiet" onClick={onCancel}>
            {t("button.cancel")}
          </Button>
          <Button
            tone={danger ? "danger" : "main"}
            loading={busy}
            {...(form === undefined ? { onClick: onConfirm } : { type: "submit", form })}
          >
            {action}
          </Button>
        </>
      }
    >
      <Dialog.Body color="fg.muted" fontSize="sm" pb={4}>
        {children}
      </Dialog.Body>
    </DialogFrame>
  );
};
