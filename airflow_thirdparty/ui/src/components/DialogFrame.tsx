import { Dialog, type DialogRootProps, Portal } from "@chakra-ui/react";
import type { ReactNode } from "react";

interface Props extends Omit<DialogRootProps, "children" | "onOpenChange" | "open"> {
  title: string;
  footer: ReactNode;
  children: ReactNode;
  onClose: () => void;
}

const Shown = ({ title, footer, children, onClose, ...root }: Props) => (
  <Dialog.Root
    open
    placement="center"
    {...root}
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
          {children}
          <Dialog.Footer pt={0}>{footer}</Dialog.Footer>
        </Dialog.Content>
      </Dialog.Positioner>
    </Portal>
  </Dialog.Root>
);

/**
 * What all dialogs look like.  They are made when they open and gone when they are closed, so that the focus finds its
 * way in, and back to where it was, each time anew.
 */
export const DialogFrame = ({ open, ...shown }: Props & { open: boolean }) => (open ? <Shown {...shown} /> : null);
