import { airflowUrl, prefixUrl } from "./base";
import type { Problem } from "./types";
import { type Key, t } from "../words/words";

/** A call that failed, with words for the person in front of the page. */
export class Failure extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problem.message);
    this.name = "Failure";
  }
}

let prefix = "";

/** Tell the client where it was loaded from; called once by each entry point. */
export function locate(scriptUrl: string | null): void {
  prefix = prefixUrl(scriptUrl, document.baseURI);
}

export const pageUrl = (): string => prefix;
/** An address of Airflow's own pages. */
export const airflow = (path = ""): string => new URL(path, airflowUrl(prefix)).href;

const problem = (code: string, key: Key): Problem => ({ code, message: t(key), remedy: t(`${key}.remedy` as Key) });

/** A page that is newer than the server: what is missing here is the call, not the thing it asks for. */
export const NOT_OFFERED = "not_offered";

const BY_STATUS: Record<number, () => Problem> = {
  401: () => problem("logged_out", "problem.logged_out"),
  403: () => problem("forbidden", "problem.forbidden"),
  404: () => problem(NOT_OFFERED, "problem.nothing_here"),
};

function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && typeof (value as Problem).message === "string";
}

/** Words for an answer that is not a success: the server's own where it sent some. */
export function problemOf(status: number, body: unknown): Problem {
  const error = typeof body === "object" && body !== null ? (body as { error?: unknown }).error : undefined;
  if (isProblem(error)) {
    return { ...error, remedy: error.remedy ?? "" };
  }
  return (
    BY_STATUS[status]?.() ?? {
      ...problem("unreadable", "problem.unreadable"),
      message: t("problem.status", { status: String(status) }),
    }
  );
}

/** The server gives a service 10 s; what takes much longer than that has been lost on its way. */
const SLOWEST_MS = 25_000;

/** Call our API; anything but a success becomes a {@link Failure}. */
export const call = <T>(method: string, path: string, body?: unknown): Promise<T> =>
  send<T>(method, `${prefix}api/v1/${path}`, body);

/** Call Airflow's own REST API, as the person who is logged in. */
export const callAirflow = <T>(method: string, path: string, body?: unknown): Promise<T> =>
  send<T>(method, airflow(`api/v2/${path}`), body);

async function send<T>(method: string, address: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") {
    headers["Content-Type"] = "application/json";
  }
  let response: Response;
  try {
    response = await fetch(address, {
      method,
      headers,
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(SLOWEST_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    const slow = error instanceof DOMException && error.name === "TimeoutError";
    throw new Failure(0, slow ? problem("slow", "problem.slow") : problem("offline", "problem.offline"));
  }
  const content: unknown = response.status === 204 ? null : await response.json().catch(() => undefined);
  if (!response.ok) {
    throw new Failure(response.status, problemOf(response.status, content));
  }
  if (content === undefined) {
    throw new Failure(response.status, problem("unreadable", "problem.unreadable"));
  }
  return content as T;
}

export const get = <T>(path: string): Promise<T> => call<T>("GET", path);

/** One segment of a path: ids may hold `/`, `+`, `:` and worse. */
export const segment = (text: string): string => encodeURIComponent(text);

interface TaskInstance {
  dag_id: string;
  run_id: string;
  task_id: string;
  map_index: number;
}

/** The same for Airflow's pages, which mark the tab that is open only where `:` and `+` stand as they are. */
const readable = (text: string): string => segment(text).replaceAll("%3A", ":").replaceAll("%2B", "+");

export const dagUrl = (dagId: string): string => airflow(`dags/${readable(dagId)}`);

/** Where Airflow shows a DAG's tab of ours. */
export const dagTabUrl = (dagId: string): string => `${dagUrl(dagId)}/plugin/dag-third-party-accounts`;

/** Where Airflow shows a task instance. */
export const taskInstanceUrl = ({ dag_id, run_id, task_id, map_index }: TaskInstance): string =>
  `${dagUrl(dag_id)}/runs/${readable(run_id)}/tasks/${readable(task_id)}` +
  (map_index >= 0 ? `/mapped/${map_index}` : "");
