import { Dialog, HStack, Spinner, Text } from "@chakra-ui/react";
import type { ReactNode } from "react";

import { t } from "../words/words";
import { Button } from "./Button";
import { DialogFrame } from "./DialogFrame";

interface Props {
  open: boolean;
  title: string;
  /** What is being waited for, in words. */
  busy?: string | null;
  /** Buttons beside the one that closes. */
  actions?: ReactNode;
  children: ReactNode;
  onClose: () => void;
}

/** A dialog that shows something and asks nothing. */
export const Panel = ({ open, title, busy = null, actions, children, onClose }: Props) => (
  <DialogFrame
    open={open}
    title={title}
    scrollBehavior="inside"
    size="lg"
    onClose={onClose}
    footer={
      <>
        {actions}
        <Button tone="main" onClick={onClose}>
          {t("button.close")}
        </Button>
      </>
    }
  >
    <Dialog.Body color="fg.muted" pb={4} tabIndex={0}>
      {busy === null ? null : (
        <HStack role="status" gap={3} py={4}>
          <Spinner size="sm" css={{ "@media (prefers-reduced-motion: reduce)": { animation: "none" } }} />
          <Text fontSize="sm">{busy}</Text>
        </HStack>
      )}
      {children}
    </Dialog.Body>
  </DialogFrame>
);
