import Icon from '@mui/icons-material/SellOutlined';
import { PlanCreate, PlanEdit } from './PlanForm';
import { PlanList } from './PlanList';
import { PlanShow } from './PlanShow';

export const plans = {
  name: 'plans',
  icon: Icon,
  list: PlanList,
  show: PlanShow,
  create: PlanCreate,
  edit: PlanEdit,
  recordRepresentation: 'name',
};
