import { Alert, Button, LinearProgress, Typography } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { type HttpError, type RaRecord, useDataProvider } from 'react-admin';
import type { Api, Asked } from '../api';
import { AskForm, type AskFormProps, faultOf } from './ask';
import { BlastRadius, type Preview } from './blast-radius';

/** How long somebody must have paused before it is asked again. */
const PAUSE_MS = 300;

function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

/**
 * What an action would lead to, asked anew as its form changes and its writer pauses. Nothing is asked while `asked`
 * is null, and what is told is never of an older form.
 */
export function usePreview(tenantId: RaRecord['id'] | undefined, asked: Asked | null) {
  const api = useDataProvider<Api>();
  const given = JSON.stringify(asked);
  const settled = useSettled(given);
  const { data, error, isFetching, refetch } = useQuery<Preview, HttpError>({
    queryKey: ['preview', tenantId, settled],
    queryFn: () => api.preview(tenantId!, JSON.parse(settled)),
    enabled: Boolean(tenantId) && settled !== 'null',
    retry: false,
    gcTime: 0,
  });
  const current = asked !== null && settled === given;
  return {
    preview: current && !isFetching ? data : undefined,
    error: current && !isFetching ? error : null,
    isWaiting: asked !== null && (!current || isFetching),
    again: () => void refetch(),
  };
}

type Previewing = ReturnType<typeof usePreview>;

/** What follows from a form as it stands: the blast radius, that it is being worked out, or the server's refusal. */
export function WhatFollows({ of: { preview, error, isWaiting, again }, first }: { of: Previewing; first: string }) {
  if (isWaiting) return <LinearProgress aria-label="Working out what follows" />;
  if (error)
    return (
      <Alert
        severity={error.status === 503 ? 'warning' : 'error'}
        action={
          <Button color="inherit" size="small" onClick={again} sx={{ whiteSpace: 'nowrap' }}>
            Try again
          </Button>
        }
      >
        {faultOf(error)}
      </Alert>
    );
  if (preview) return <BlastRadius of={preview} />;
  return (
    <Typography variant="body2" color="textSecondary">
      {first}
    </Typography>
  );
}

interface PreviewedFormProps extends Omit<AskFormProps, 'submit'> {
  tenantId: RaRecord['id'];
  /** The action as the form has it by now; null while something is missing. */
  asked: Asked | null;
  /** What is missing, while nothing can be told yet. */
  first?: string;
  submit: (said: { reason?: string }, preview: Preview) => Promise<unknown>;
}

/** A question that shows what its action leads to, live; it can be answered only once that is on the screen. */
export function PreviewedForm({
  tenantId,
  asked,
  first = '',
  ready = true,
  submit,
  children,
  ...form
}: PreviewedFormProps) {
  const previewing = usePreview(tenantId, asked);
  const { preview } = previewing;
  return (
    <AskForm {...form} ready={ready && preview !== undefined} submit={async (said) => preview && submit(said, preview)}>
      {children}
      <WhatFollows of={previewing} first={first} />
    </AskForm>
  );
}
