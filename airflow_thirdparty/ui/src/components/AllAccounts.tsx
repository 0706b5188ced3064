import { chakra, HStack, Stack, Text } from "@chakra-ui/react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { overviewQuery } from "../api/administration";
import { PAGE_SIZE } from "../api/queries";
import type { AccountOverview } from "../api/types";
import { SEARCHED_FROM } from "../messages/groups";
import { told } from "../messages/problems";
import { epithetOf, iconName, nameOf } from "../messages/status";
import { t } from "../words/words";
import { CheckAccount } from "./CheckAccount";
import { EditAccount } from "./EditAccount";
import { Icon, ServiceIcon, STATUS_SHAPES, UNKNOWN_SHAPE } from "./icons";
import { Pager } from "./Pager";
import { PeopleOfAccount } from "./PeopleOfAccount";
import { Rich } from "./Rich";
import { SearchField } from "./SearchField";
import { Cell, Id, Nothing, QueryPart, Row, SectionHead, Table } from "./Table";
import { usePaused } from "./usePaused";
import { When } from "./When";

const LOOKS = {
  worked: { palette: "green", shape: STATUS_SHAPES.signed_in },
  failed: { palette: "red", shape: STATUS_SHAPES.lapsed },
  untried: { palette: "gray", shape: UNKNOWN_SHAPE },
} as const;

/** What was last seen of an account: never more than there is evidence for. */
const State = ({ account: { state, state_at: at } }: { account: AccountOverview }) => {
  const { palette, shape } = LOOKS[state];
  return (
    <HStack gap={2} colorPalette={palette} color="colorPalette.700" _dark={{ color: "colorPalette.300" }} data-state={state}>
      <chakra.span display="inline-flex" css={{ "--icon-ink": "var(--chakra-colors-bg)" }}>
        <Icon size="1.1rem">{shape}</Icon>
      </chakra.span>
      <chakra.span fontWeight="medium">
        {state === "worked" && at !== null ? (
          <Rich text="admin.state.worked" values={{ when: <When at={at} /> }} />
        ) : (
          t(state === "failed" ? "admin.needs_fixing" : "admin.state.untried")
        )}
      </chakra.span>
    </HStack>
  );
};

const Account = ({ account }: { account: AccountOverview }) => {
  const problem = account.problem && told(account.problem);
  return (
    <Row>
      <Cell wide>
        <HStack gap={3} align="center">
          <ServiceIcon icon={account.icon} name={iconName(account)} />
          <Stack gap={0}>
            <Text fontWeight="medium">{nameOf(account)}</Text>
            <Text color="fg.muted">
              <Id>{epithetOf(account)}</Id>
            </Text>
          </Stack>
        </HStack>
      </Cell>
      <Cell wide>
        <Stack gap={1}>
          <State account={account} />
          {problem === null ? null : (
            <>
              <Text>{problem.message}</Text>
              {problem.detail === null ? null : (
                <Text color="fg.muted" fontSize="xs" lang="en" dir="auto">
                  {problem.detail}
                </Text>
              )}
              <Text color="fg.muted">
                {problem.remedy}
                {account.problem_at === null ? null : (
                  <>
                    {" "}
                    <Rich text="admin.since" values={{ when: <When at={account.problem_at} /> }} />
                  </>
                )}
              </Text>
            </>
          )}
        </Stack>
      </Cell>
      <Cell>
        <PeopleOfAccount account={account} />
      </Cell>
      <Cell>
        <HStack gap={2}>
          <CheckAccount account={account} />
          <EditAccount account={account} />
        </HStack>
      </Cell>
    </Row>
  );
};

/** All accounts, a page at a time: what has to be fixed comes first. */
export const AllAccounts = () => {
  const [search, setSearch] = useState("");
  const [offset, setOffset] = useState(0);
  const query = useQuery(overviewQuery(usePaused(search), offset));
  const title = t("admin.accounts");
  return (
    <SectionHead title={title} hint={t("admin.accounts.hint")}>
      <QueryPart query={query}>
        {({ accounts, total, all }) => (
          <>
            {all < SEARCHED_FROM ? null : (
              <SearchField
                label={t("groups.search")}
                value={search}
                onChange={(text) => {
                  setSearch(text);
                  setOffset(0);
                }}
              />
            )}
            {total === 0 ? (
              <Nothing>{t(all === 0 ? "admin.accounts.none" : "groups.nothing_found")}</Nothing>
            ) : (
              <Table
                label={title}
                columns={[
                  t("admin.column.account"),
                  t("admin.column.state"),
                  t("admin.column.signed_in"),
                  t("admin.column.action"),
                ]}
              >
                {accounts.map((account) => (
                  <Account key={account.conn_id} account={account} />
                ))}
              </Table>
            )}
            <Pager label={t("groups.pages")} offset={offset} size={PAGE_SIZE} total={total} onChange={setOffset} />
          </>
        )}
      </QueryPart>
    </SectionHead>
  );
};
