import { VisuallyHidden } from "@chakra-ui/react";
import { useSyncExternalStore } from "react";

let spoken = "";
const hearers = new Set<() => void>();

/** Have the screen reader say something when it next pauses. */
export function announce(message: string): void {
  // The same message twice would not be read again.
  spoken = spoken === message ? `${message}\u00a0` : message;
  for (const hear of hearers) {
    hear();
  }
}

function subscribe(hear: () => void): () => void {
  hearers.add(hear);
  return () => hearers.delete(hear);
}

/** Where announcements are read from; one in every view. */
export const LiveRegion = () => (
  <VisuallyHidden role="status" aria-live="polite">
    {useSyncExternalStore(subscribe, () => spoken)}
  </VisuallyHidden>
);
