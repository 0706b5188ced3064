import { distance, fullDate } from "../messages/time";
import { useNow } from "./useNow";

/** A point in time as people say it; its full date is the tooltip. */
export const When = ({ at }: { at: string }) => {
  const now = useNow();
  return (
    <time dateTime={at} title={fullDate(at)}>
      {distance(at, now)}
    </time>
  );
};
