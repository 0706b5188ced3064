import { Dialog, Portal } from "@chakra-ui/react";
import { type ReactNode, useRef } from "react";

import { Button } from "./Button";
import { t } from "../words/words";

export interface ConfirmProps {
  open: boolean;
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
  open,
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
    <Dialog.Root
      open={open}
      lazyMount
      unmountOnExit
      placement="center"
      role={form === undefined ? "alertdialog" : "dialog"}
      size="sm"
      {...(form === undefined ? { initialFocusEl: () => cancel.current } : {})}
      onOpenChange={(change) => {
        if (!change.open) {
          onCancel();
        }
      }}
    >
      <Portal>
        <Dialog.Backdrop />
        <Dialog.Positioner px={4}>
          <Dialog.Content _dark={{ bg: "bg", borderWidth: "1px", borderColor: "gray.700" }}>
            <Dialog.Header pb={2}>
              <Dialog.Title fontSize="lg">{title}</Dialog.Title>
            </Dialog.Header>
            <Dialog.Body color="fg.muted" fontSize="sm" pb={4}>
              {children}
            </Dialog.Body>
            <Dialog.Footer pt={0}>
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
            </Dialog.Footer>
          </Dialog.Content>
        </Dialog.Positioner>
      </Portal>
    </Dialog.Root>
  );
};
