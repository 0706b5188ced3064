import { keepPreviousData, QueryClient, queryOptions } from "@tanstack/react-query";

import { call, callAirflow, Failure, get, pageUrl, segment } from "./client";
import type {
  AccountList,
  AccountView,
  DagAccounts,
  DelegationList,
  DelegationRequest,
  Dependents,
  Group,
  SignInRequest,
  SignInStarted,
  SignOutResult,
  TaskAccount,
  UsagePage,
} from "./types";

/** Client errors do not go away by asking again. */
const retry = (count: number, error: Error): boolean =>
  count < 2 && !(error instanceof Failure && error.status >= 400 && error.status < 500);

/** Shared by all our components inside one document, so that a tab shows at once what the page knows. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry,
      staleTime: 5_000,
      // A server that restarts is back within a minute; whoever waits for it sees that at once.
      refetchInterval: ({ state: { error } }) => (error instanceof Failure && error.status === 0 ? 5_000 : 60_000),
      gcTime: 600_000,
    },
  },
});

/** As many accounts as the server puts on a page. */
export const PAGE_SIZE = 50;

interface AccountSearch {
  search: string;
  group: Group | null;
  offset: number;
}

/** The first page of everything. */
export const FIRST: AccountSearch = { search: "", group: null, offset: 0 };

export const accountsQuery = ({ search, group, offset }: AccountSearch) =>
  queryOptions({
    queryKey: ["accounts", search, group, offset],
    queryFn: () => get<AccountList>(`accounts?${parameters({ search, group, offset })}`),
    placeholderData: keepPreviousData,
  });

export const accountQuery = (connId: string) =>
  queryOptions({ queryKey: ["account", connId], queryFn: () => fetchAccount(connId) });

/** What of the caller's acts with an account; asked for when they are about to sign out. */
export const dependentsQuery = (connId: string) =>
  queryOptions({
    queryKey: ["dependents", connId],
    queryFn: () => get<Dependents>(`accounts/${segment(connId)}/dependents`),
  });

/** A query's parameters; what is empty is left out. */
export const parameters = (values: Record<string, string | number | null>): string =>
  new URLSearchParams(
    Object.entries(values).flatMap(([name, value]) => (value === null || value === "" || value === 0 ? [] : [[name, String(value)]])),
  ).toString();

export const dagQuery = (dagId: string) =>
  queryOptions({
    queryKey: ["dag", dagId],
    queryFn: () => get<DagAccounts>(`dags/${segment(dagId)}/accounts`),
  });

export const delegationsQuery = (dagId: string) =>
  queryOptions({
    queryKey: ["delegations", dagId],
    queryFn: () => get<DelegationList>(`dags/${segment(dagId)}/delegations`),
  });

export const taskQuery = (dagId: string, runId: string, taskId: string, mapIndex: string) =>
  queryOptions({
    queryKey: ["task", dagId, runId, taskId, mapIndex],
    queryFn: () =>
      get<TaskAccount>(
        `task-instances/${[dagId, runId, taskId, mapIndex].map(segment).join("/")}/account`,
      ),
    refetchInterval: ({ state: { data } }) => (data === undefined || hasEnded(data.state) ? 60_000 : 3_000),
  });

/** States in which a task instance has ended; in all others it is asked for again soon. */
const ENDED = new Set(["success", "failed", "skipped", "upstream_failed", "removed"]);

export const hasEnded = (state: string | null): boolean => state !== null && ENDED.has(state);

/** Let Airflow run a task instance again: it, and what failed because of it. */
export async function runAgain(dagId: string, runId: string, taskId: string, mapIndex: string): Promise<void> {
  const task = Number(mapIndex) >= 0 ? [taskId, Number(mapIndex)] : taskId;
  const clear = (onlyFailed: boolean) =>
    callAirflow<{ total_entries: number }>("POST", `dags/${segment(dagId)}/clearTaskInstances`, {
      dry_run: false,
      dag_run_id: runId,
      task_ids: [task],
      only_failed: onlyFailed,
      include_downstream: onlyFailed,
    });
  if ((await clear(true)).total_entries === 0) {
    await clear(false); // it did not fail: then nothing behind it did because of it
  }
}

export const usageQuery = (connId: string, limit: number) =>
  queryOptions({
    queryKey: ["uses", connId, limit],
    queryFn: () => get<UsagePage>(`uses?conn_id=${encodeURIComponent(connId)}&limit=${limit}`),
    placeholderData: keepPreviousData,
  });

/** Where the caller gets all that is kept about them. */
export const MY_DATA = (): string => `${pageUrl()}api/v1/me/data`;

export const deleteMyData = (): Promise<unknown> => call("DELETE", "me/data");

export const fetchAccount = (connId: string): Promise<AccountView> =>
  get<AccountView>(`accounts/${segment(connId)}`);

export const startSignIn = (connId: string, request: SignInRequest): Promise<SignInStarted> =>
  call("POST", `accounts/${segment(connId)}/sign-in`, request);

export const storeCredentials = (
  connId: string,
  credentials: Required<Pick<SignInRequest, "login" | "key">>,
): Promise<SignInStarted> => call("POST", `accounts/${segment(connId)}/sign-in`, credentials);

export const signOut = (connId: string): Promise<SignOutResult> =>
  call("DELETE", `accounts/${segment(connId)}/sign-in`);

export const delegate = (dagId: string, request: DelegationRequest): Promise<unknown> =>
  call("POST", `dags/${segment(dagId)}/delegations`, request);

export const endDelegation = (dagId: string, connId: string): Promise<unknown> =>
  call("DELETE", `dags/${segment(dagId)}/delegations?conn_id=${encodeURIComponent(connId)}`);

/** Ask again for everything that shows the state of a sign-in. */
export const refetchAll = (): Promise<void> =>
  queryClient.invalidateQueries();

/** Put one freshly fetched account into every view that shows it. */
export function updateCachedAccount(account: AccountView): void {
  queryClient.setQueriesData<AccountList>({ queryKey: ["accounts"] }, (list) =>
    list && {
      ...list,
      accounts: list.accounts.map((other) => (other.conn_id === account.conn_id ? { ...other, ...account } : other)),
    },
  );
  queryClient.setQueryData<AccountView>(["account", account.conn_id], (other) => other && account);
  queryClient.setQueriesData<DagAccounts>({ queryKey: ["dag"] }, (dag) =>
    dag && {
      ...dag,
      accounts: dag.accounts.map((entry) =>
        entry.account.conn_id === account.conn_id ? { ...entry, account } : entry,
      ),
    },
  );
  queryClient.setQueriesData<TaskAccount>({ queryKey: ["task"] }, (task) =>
    task && {
      ...task,
      uses: task.uses.map((use) => (use.account?.conn_id === account.conn_id ? { ...use, account } : use)),
    },
  );
}
