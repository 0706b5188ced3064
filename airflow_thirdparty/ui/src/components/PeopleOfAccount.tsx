import { Flex, Stack, Text } from "@chakra-ui/react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { peopleQuery, signEverybodyOut, signSomebodyOut } from "../api/administration";
import { PAGE_SIZE, refetchAll } from "../api/queries";
import type { AccountOverview, PersonSignedIn } from "../api/types";
import { signInCountMessage } from "../messages/administration";
import { nameOf } from "../messages/status";
import { problemFrom } from "../signin/useSignIn";
import { t } from "../words/words";
import { Button } from "./Button";
import { ProblemCallout } from "./Callout";
import { Confirm } from "./Confirm";
import { announce } from "./LiveRegion";
import { Pager } from "./Pager";
import { Panel } from "./Panel";
import { SearchField } from "./SearchField";
import { Cell, QueryPart, Row, Table } from "./Table";
import { usePaused } from "./usePaused";
import { When } from "./When";

interface Asked {
  account: AccountOverview;
  /** The one who is to be signed out; everybody when there is none. */
  person: PersonSignedIn | null;
  onClose: () => void;
}

/** The question before somebody else's sign-in is ended. */
const End = ({ account, person, onClose }: Asked) => {
  const end = useMutation({
    mutationFn: () =>
      person === null ? signEverybodyOut(account.conn_id) : signSomebodyOut(account.conn_id, person.id),
    onSuccess: async () => {
      await refetchAll();
      announce(person === null ? t("people.all_ended") : t("people.ended", { user: person.user_name }));
      onClose();
    },
  });
  const name = nameOf(account);
  return (
    <Confirm
      open
      danger
      busy={end.isPending}
      title={person === null ? t("people.end_all.title", { name }) : t("people.end.title", { user: person.user_name, name })}
      action={t(person === null ? "people.end_all" : "sign_out.sign_out")}
      onConfirm={() => {
        end.mutate();
      }}
      onCancel={onClose}
    >
      <Text>{t("people.end.hint")}</Text>
      {end.error ? <ProblemCallout problem={problemFrom(end.error)} /> : null}
    </Confirm>
  );
};

const Person = ({ person, onEnd }: { person: PersonSignedIn; onEnd: () => void }) => (
  <Row>
    <Cell>
      <Text color="fg">{person.user_name}</Text>
      <Text color="fg.muted" fontSize="xs">
        {t("people.there", { who: person.there })}
      </Text>
    </Cell>
    <Cell>
      <When at={person.signed_in_at} />
    </Cell>
    <Cell>{person.last_used_at === null ? t("details.never") : <When at={person.last_used_at} />}</Cell>
    <Cell>
      {person.lapsed_at === null ? (
        t("status.signed_in")
      ) : (
        <Stack gap={0}>
          <Text>
            {t("status.lapsed")} <When at={person.lapsed_at} />
          </Text>
          <Text color="fg.muted" fontSize="xs">
            {person.lapsed_text}
          </Text>
        </Stack>
      )}
    </Cell>
    <Cell>
      <Button size="xs" aria-label={t("action.of", { action: t("people.end"), name: person.user_name })} onClick={onEnd}>
        {t("people.end")}
      </Button>
    </Cell>
  </Row>
);

const List = ({ account }: { account: AccountOverview }) => {
  const [search, setSearch] = useState("");
  const [offset, setOffset] = useState(0);
  const [asked, setAsked] = useState<PersonSignedIn | "everybody" | null>(null);
  const query = useQuery(peopleQuery(account.conn_id, usePaused(search), offset));
  return (
    <Stack gap={3}>
      <Flex gap={3} justify="space-between" flexWrap="wrap">
        <SearchField
          label={t("people.search")}
          value={search}
          onChange={(text) => {
            setSearch(text);
            setOffset(0);
          }}
        />
        <Button
          onClick={() => {
            setAsked("everybody");
          }}
        >
          {t("people.end_all.open")}
        </Button>
      </Flex>
      <QueryPart query={query}>
        {({ sign_ins: people, total }) => (
          <>
            {total === 0 ? (
              <Text fontSize="sm">{t("people.none")}</Text>
            ) : (
              <Table
                label={t("people.title", { name: nameOf(account) })}
                columns={[
                  t("admin.column.user"),
                  t("people.since"),
                  t("admin.column.last_used"),
                  t("admin.column.state"),
                  t("admin.column.action"),
                ]}
              >
                {people.map((person) => (
                  <Person
                    key={person.id}
                    person={person}
                    onEnd={() => {
                      setAsked(person);
                    }}
                  />
                ))}
              </Table>
            )}
            <Pager label={t("people.pages")} offset={offset} size={PAGE_SIZE} total={total} onChange={setOffset} />
          </>
        )}
      </QueryPart>
      {asked === null ? null : (
        <End
          account={account}
          person={asked === "everybody" ? null : asked}
          onClose={() => {
            setAsked(null);
          }}
        />
      )}
    </Stack>
  );
};

/** How many people are signed in to an account, and behind it who, and the way to sign them out. */
export const PeopleOfAccount = ({ account }: { account: AccountOverview }) => {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button
        tone="quiet"
        size="xs"
        ms={-2}
        aria-label={t("people.label", { text: signInCountMessage(account), name: nameOf(account) })}
        onClick={() => {
          setOpen(true);
        }}
      >
        {signInCountMessage(account)}
      </Button>
      <Panel
        open={open}
        title={t("people.title", { name: nameOf(account) })}
        onClose={() => {
          setOpen(false);
        }}
      >
        <List account={account} />
      </Panel>
    </>
  );
};
