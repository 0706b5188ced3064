/** Our own icons, for states that differ in shape, and the logos of services. */

import { chakra } from "@chakra-ui/react";
import type { ReactNode } from "react";

import { pageUrl } from "../api/client";
import type { Status } from "../api/types";
import { initials } from "../messages/status";

interface IconProps {
  children: ReactNode;
  size?: string;
  box?: number;
}

/** An SVG that says nothing to a screen reader: the words beside it do. */
export const Icon = ({ children, size = "1.25rem", box = 20 }: IconProps) => (
  <chakra.svg
    aria-hidden="true"
    fill="none"
    focusable="false"
    height={size}
    width={size}
    flexShrink={0}
    stroke="currentColor"
    strokeLinecap="round"
    strokeLinejoin="round"
    strokeWidth="1.75"
    viewBox={`0 0 ${box} ${box}`}
  >
    {children}
  </chakra.svg>
);

const bang = (top: number) => (
  <>
    <path d={`M10 ${top}v3.6`} />
    <path d={`M10 ${top + 6.4}h.01`} strokeWidth="2.2" />
  </>
);

export const STATUS_SHAPES: Record<Status, ReactNode> = {
  // A full disc with a tick.
  signed_in: (
    <>
      <circle cx="10" cy="10" r="8" fill="currentColor" />
      <path d="m6.4 10.3 2.4 2.4 4.8-5" stroke="var(--icon-ink)" strokeWidth="2" />
    </>
  ),
  // An empty ring with an arrow that leads in.
  sign_in_needed: (
    <>
      <path d="M7.2 3.1a7.6 7.6 0 1 1 0 13.8" />
      <path d="M2.6 10h8.6" />
      <path d="m8.2 6.8 3.2 3.2-3.2 3.2" />
    </>
  ),
  // A stop sign with a cross.
  lapsed: (
    <>
      <path d="M6.8 2.2h6.4l4.6 4.6v6.4l-4.6 4.6H6.8l-4.6-4.6V6.8z" />
      <path d="m7.4 7.4 5.2 5.2M12.6 7.4l-5.2 5.2" />
    </>
  ),
  // A shield with an exclamation mark.
  account_changed: (
    <>
      <path d="M10 1.9 3.2 4.4v5.1c0 4.2 2.9 7.3 6.8 8.6 3.9-1.3 6.8-4.4 6.8-8.6V4.4z" />
      {bang(6.6)}
    </>
  ),
  // A triangle with an exclamation mark.
  scopes_missing: (
    <>
      <path d="M10 2.6 1.8 16.8h16.4z" />
      {bang(8)}
    </>
  ),
  // A cloud, struck through.
  service_unreachable: (
    <>
      <path d="M5.8 15.6h8.6a3.5 3.5 0 0 0 .7-6.9 5.3 5.3 0 0 0-10.2-1A4 4 0 0 0 5.8 15.6z" />
      <path d="m3 2.6 14 14.8" />
    </>
  ),
};

export const UNKNOWN_SHAPE: ReactNode = (
  <>
    <circle cx="10" cy="10" r="8" strokeDasharray="3 3" />
    {bang(5.8)}
  </>
);

/** The services there is a logo for, and how it is drawn: put in by the build. */
declare const __LOGOS__: Readonly<Record<string, "plain" | "coloured">>;

/** A logo is a file, loaded when it comes into view; a plain one is dark, and turned light in the dark. */
const Logo = ({ icon }: { icon: string }) => (
  <chakra.img
    src={`${pageUrl()}static/logos/${icon}.svg`}
    alt=""
    loading="lazy"
    decoding="async"
    boxSize="1.5rem"
    flexShrink={0}
    {...(__LOGOS__[icon] === "plain" ? { _dark: { filter: "invert(1)" } } : {})}
  />
);

/** Two links of a chain: any service we have no icon for. */
const GENERIC_ICON: ReactNode = (
  <>
    <path d="M10.2 13.8a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1.2 1.2" />
    <path d="M13.8 10.2a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1.2-1.2" />
  </>
);

const Initials = ({ name }: { name: string }) => (
  <chakra.span
    aria-hidden="true"
    display="inline-flex"
    alignItems="center"
    justifyContent="center"
    boxSize="1.5rem"
    flexShrink={0}
    borderRadius="sm"
    bg="bg.muted"
    _dark={{ bg: "gray.800" }}
    color="fg"
    fontSize="2xs"
    fontWeight="semibold"
  >
    {initials(name)}
  </chakra.span>
);

/** A service's logo; its initials where there is none, or a chain where it has no name. */
export const ServiceIcon = ({ icon, name = "" }: { icon: string; name?: string }) => {
  if (Object.hasOwn(__LOGOS__, icon)) {
    return <Logo icon={icon} />;
  }
  return name === "" ? (
    <Icon size="1.5rem" box={24}>
      {GENERIC_ICON}
    </Icon>
  ) : (
    <Initials name={name} />
  );
};
