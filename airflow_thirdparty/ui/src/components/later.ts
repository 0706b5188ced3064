import { type ComponentType, lazy, type LazyExoticComponent } from "react";

const TRIES = 5;
const PAUSE_MS = 2_000;

/** A view that is loaded when it is first shown; asked for again while a server restarts. */
export const later = <P extends object>(load: () => Promise<ComponentType<P>>): LazyExoticComponent<ComponentType<P>> =>
  lazy(async () => {
    for (let left = TRIES - 1; ; left -= 1) {
      try {
        return { default: await load() };
      } catch (error) {
        if (left === 0) {
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  });
