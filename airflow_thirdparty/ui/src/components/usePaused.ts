import { useEffect, useState } from "react";

const PAUSE_MS = 250;

/** What is typed, once the typing pauses. */
export function usePaused(text: string): string {
  const [paused, setPaused] = useState(text);
  useEffect(() => {
    const timer = setTimeout(setPaused, PAUSE_MS, text);
    return () => {
      clearTimeout(timer);
    };
  }, [text]);
  return paused;
}
