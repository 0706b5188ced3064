import { Box, chakra, Heading, Skeleton, Stack, Table as ChakraTable, Text } from "@chakra-ui/react";
import type { UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useState } from "react";

import type { Page } from "../api/administration";
import { PAGE_SIZE } from "../api/queries";
import { t } from "../words/words";
import { Pager } from "./Pager";
import { Failed } from "./Placeholders";
import { LINE, Surface } from "./Surface";

interface TableProps {
  label: string;
  columns: readonly string[];
  children: ReactNode;
}

/** Whether something is wider than its place. */
function useOverflow(): [React.RefObject<HTMLDivElement | null>, boolean] {
  const place = useRef<HTMLDivElement>(null);
  const [wide, setWide] = useState(false);
  useEffect(() => {
    const { current } = place;
    if (current === null) {
      return undefined;
    }
    const look = () => {
      setWide(current.scrollWidth > current.clientWidth + 1);
    };
    const watcher = new ResizeObserver(look);
    watcher.observe(current);
    look();
    return () => {
      watcher.disconnect();
    };
  }, []);
  return [place, wide];
}

/** A table that scrolls by itself where it is too wide, and says so. */
export const Table = ({ label, columns, children }: TableProps) => {
  const [place, wide] = useOverflow();
  return (
    <Box>
      <Surface boxRef={place} overflowX="auto" tabIndex={0} role="region" aria-label={label}>
        <ChakraTable.Root size="sm" bg="transparent" css={{ "& tbody tr:last-of-type td": { borderBottomWidth: 0 } }}>
          <ChakraTable.Header>
            <ChakraTable.Row bg="transparent">
              {columns.map((column) => (
                <ChakraTable.ColumnHeader key={column} color="fg.muted" fontWeight="medium" px={4} whiteSpace="nowrap" {...LINE}>
                  {column}
                </ChakraTable.ColumnHeader>
              ))}
            </ChakraTable.Row>
          </ChakraTable.Header>
          <ChakraTable.Body>{children}</ChakraTable.Body>
        </ChakraTable.Root>
      </Surface>
      {wide ? (
        <Text fontSize="xs" color="fg.muted" mt={1} data-testid="scroll-hint">
          {t("table.scroll")}
        </Text>
      ) : null}
    </Box>
  );
};

export const Row = ({ children }: { children: ReactNode }) => (
  <ChakraTable.Row bg="transparent">{children}</ChakraTable.Row>
);

export const Cell = ({ children, wide = false }: { children?: ReactNode; wide?: boolean }) => (
  <ChakraTable.Cell
    verticalAlign="top"
    px={4}
    py={2.5}
    minW={wide ? "14rem" : "8.5rem"}
    // Long ids break, so that what stands at the right stays in view.
    css={{ "& a, & p, & span": { overflowWrap: "anywhere" } }}
    {...LINE}
  >
    {children}
  </ChakraTable.Cell>
);

/** A name that is typed somewhere. */
export const Id = ({ children }: { children: ReactNode }) => (
  <chakra.span fontFamily="mono" fontSize="xs" lineHeight="1.25rem">
    {children}
  </chakra.span>
);

/** One part of the administration: a heading, and what stands below it. */
export const SectionHead = ({ title, hint, children }: { title: string; hint: string; children: ReactNode }) => (
    // No landmark of its own: its table is one, and two of the same name would be hard to tell apart.
    <Stack gap={3}>
      <Box>
        <Heading as="h2" fontSize="lg" lineHeight="1.5rem" fontWeight="semibold">
          {title}
        </Heading>
        <Text color="fg.muted" fontSize="sm">
          {hint}
        </Text>
      </Box>
      {children}
    </Stack>
);

/** What a query brought; while it loads and when it fails, something in its place. */
export function QueryPart<T>({ query, children }: { query: UseQueryResult<T>; children: (data: T) => ReactNode }) {
  const { data, error, refetch } = query;
  return (
    <>
      {error ? <Failed error={error} onRetry={() => void refetch()} /> : null}
      {data === undefined && !error ? (
        <Skeleton h={20} borderRadius="lg" css={{ "@media (prefers-reduced-motion: reduce)": { animation: "none" } }} />
      ) : null}
      {data === undefined ? null : children(data)}
    </>
  );
}

/** Said in the place of a table that would be empty. */
export const Nothing = ({ children }: { children: ReactNode }) => (
  <Surface px={4} py={4} fontSize="sm" color="fg.muted">
    {children}
  </Surface>
);

interface SectionProps<T> {
  title: string;
  hint: string;
  query: UseQueryResult<T[]>;
  /** Said when there is nothing to list. */
  empty: string;
  children: (rows: T[]) => ReactNode;
}

/** One part of the administration that lists what a query brought, a page at a time. */
export function Section<T>({ title, hint, query, empty, children }: SectionProps<T>) {
  const [offset, setOffset] = useState(0);
  return (
    <SectionHead title={title} hint={hint}>
      <QueryPart query={query}>
        {(rows) => {
          if (rows.length === 0) {
            return <Nothing>{empty}</Nothing>;
          }
          const first = offset < rows.length ? offset : 0;
          return (
            <>
              {children(rows.slice(first, first + PAGE_SIZE))}
              <Pager label={title} offset={first} size={PAGE_SIZE} total={rows.length} onChange={setOffset} />
            </>
          );
        }}
      </QueryPart>
    </SectionHead>
  );
}

interface PagedProps<T> {
  label: string;
  /** Asks the server for a page. */
  usePage: (offset: number) => UseQueryResult<Page<T>>;
  /** Said when there is nothing to list; without it nothing is shown then. */
  empty?: string;
  children: (rows: T[]) => ReactNode;
}

/** What the server lists a page at a time. */
export function Paged<T>({ label, usePage, empty, children }: PagedProps<T>) {
  const [offset, setOffset] = useState(0);
  return (
    <QueryPart query={usePage(offset)}>
      {({ rows, total }) => {
        if (total === 0) {
          return empty === undefined ? null : <Nothing>{empty}</Nothing>;
        }
        return (
          <>
            {children(rows)}
            <Pager label={label} offset={offset} size={PAGE_SIZE} total={total} onChange={setOffset} />
          </>
        );
      }}
    </QueryPart>
  );
}

/** One part of the administration that the server lists a page at a time. */
export const PagedSection = <T,>({ title, hint, ...paged }: { title: string; hint: string } & Omit<PagedProps<T>, "label">) => (
  <SectionHead title={title} hint={hint}>
    <Paged label={title} {...paged} />
  </SectionHead>
);
