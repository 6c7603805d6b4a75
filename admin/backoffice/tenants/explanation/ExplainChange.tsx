import { Button } from '@mui/material';
import { useRecordContext } from 'react-admin';
import { PANEL_ID, useMoment } from './moment';

/** Has the panel tell of the moment of this step of the plan history. */
export function ExplainChange() {
  const change = useRecordContext();
  const [, setMoment] = useMoment();
  if (!change) return null;
  const explain = (event: React.MouseEvent) => {
    // The row around it opens the step itself.
    event.stopPropagation();
    setMoment(change.at);
    const panel = document.getElementById(PANEL_ID);
    panel?.scrollIntoView({ behavior: 'smooth', block: 'start' });
    panel?.focus({ preventScroll: true });
  };
  return (
    <Button size="small" onClick={explain} sx={{ whiteSpace: 'nowrap' }}>
      Why?
    </Button>
  );
}
