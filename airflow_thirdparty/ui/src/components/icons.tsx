/** Our own icons: states that differ in shape, and a plain icon for each service. */

import { chakra } from "@chakra-ui/react";
import type { ReactNode } from "react";

import type { Status } from "../api/types";
import { initials } from "../messages/registry";

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

const SERVICE_ICONS: Record<string, ReactNode> = {
  github: (
    <path
      d="M4.6 4.2c1.6 0 3 .9 3.8 1.6a12 12 0 0 1 7.2 0c.8-.7 2.2-1.6 3.8-1.6.5 1.3.4 2.7.1 3.6.9 1.1 1.3 2.3 1.3 3.8 0 4.2-2.7 5.7-5.4 6.1.4.5.6 1.2.6 2v1.8H8v-1.3c-2.6.5-3.5-1.2-4.5-2.2 2 .3 2.4 1 4.6.9 0-.5.2-.9.5-1.2-2.7-.4-5.4-1.9-5.4-6.1 0-1.5.4-2.7 1.3-3.8-.3-.9-.4-2.3.1-3.6z"
      fill="currentColor"
      stroke="none"
    />
  ),
  google: (
    <g strokeWidth="3.4" strokeLinecap="butt">
      <path d="M18 6.3A8.2 8.2 0 0 0 5 7.8" stroke="#ea4335" />
      <path d="M5 7.8a8.2 8.2 0 0 0 0 8.4" stroke="#fbbc05" />
      <path d="M5 16.2a8.2 8.2 0 0 0 12.6 1.9" stroke="#34a853" />
      <path d="M17.6 18.1A8.2 8.2 0 0 0 20.2 12H12" stroke="#4285f4" />
    </g>
  ),
  microsoft: (
    <g stroke="none">
      <path d="M3.5 3.5h8v8h-8z" fill="#f25022" />
      <path d="M12.5 3.5h8v8h-8z" fill="#7fba00" />
      <path d="M3.5 12.5h8v8h-8z" fill="#00a4ef" />
      <path d="M12.5 12.5h8v8h-8z" fill="#ffb900" />
    </g>
  ),
  gitlab: (
    <g stroke="none">
      <path d="M12 21 8.3 10h7.4z" fill="#e24329" />
      <path d="M12 21 8.3 10H3.4zM12 21l3.7-11h4.9z" fill="#fc6d26" />
      <path d="M3.4 10 2.3 13.3c-.1.4 0 .7.3.9L12 21zM20.6 10l1.1 3.3c.1.4 0 .7-.3.9L12 21z" fill="#fca326" />
      <path d="M3.4 10h4.9L6.2 3.6c-.1-.3-.6-.3-.7 0zM20.6 10h-4.9l2.1-6.4c.1-.3.6-.3.7 0z" fill="#e24329" />
    </g>
  ),
  autodesk: (
    <g stroke="none" fill="currentColor">
      <path d="M2.8 18.6 14.2 5.4h6.4c.4 0 .6.3.6.6v12.2c0 .3-.3.4-.6.4h-4.5v-4.4h-3.9l-3 4.4z" />
    </g>
  ),
};

/** Two links of a chain: any service we have no icon for. */
const GENERIC_ICON: ReactNode = (
  <>
    <path d="M10.2 13.8a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1.2 1.2" />
    <path d="M13.8 10.2a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1.2-1.2" />
  </>
);

/** A service's icon; its initials where we have none, or a chain where it has no name. */
export const ServiceIcon = ({ icon, name = "" }: { icon: string; name?: string }) =>
  icon in SERVICE_ICONS || name === "" ? (
    <Icon size="1.5rem" box={24}>
      {SERVICE_ICONS[icon] ?? GENERIC_ICON}
    </Icon>
  ) : (
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
