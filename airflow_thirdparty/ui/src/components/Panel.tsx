import { Dialog, HStack, Portal, Spinner, Text } from "@chakra-ui/react";
import type { ReactNode } from "react";

import { t } from "../words/words";
import { Button } from "./Button";

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
  <Dialog.Root
    open={open}
    lazyMount
    unmountOnExit
    placement="center"
    scrollBehavior="inside"
    size="lg"
    onOpenChange={(change) => {
      if (!change.open) {
        onClose();
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
          <Dialog.Body color="fg.muted" tabIndex={0}>
            {busy === null ? null : (
              <HStack role="status" gap={3} py={4}>
                <Spinner size="sm" css={{ "@media (prefers-reduced-motion: reduce)": { animation: "none" } }} />
                <Text fontSize="sm">{busy}</Text>
              </HStack>
            )}
            {children}
          </Dialog.Body>
          <Dialog.Footer>
            {actions}
            <Button tone="main" onClick={onClose}>
              {t("button.close")}
            </Button>
          </Dialog.Footer>
        </Dialog.Content>
      </Dialog.Positioner>
    </Portal>
  </Dialog.Root>
);
