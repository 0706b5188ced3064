import { Dialog, type DialogRootProps, Portal } from "@chakra-ui/react";
import type { ReactNode } from "react";

interface Props extends Omit<DialogRootProps, "children" | "onOpenChange"> {
  title: string;
  footer: ReactNode;
  children: ReactNode;
  onClose: () => void;
}

/** What all dialogs look like, and that they are not there until they are opened. */
export const DialogFrame = ({ title, footer, children, onClose, ...root }: Props) => (
  <Dialog.Root
    lazyMount
    unmountOnExit
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
